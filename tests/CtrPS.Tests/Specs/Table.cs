using CtrPS.Rig;

namespace CtrPS.Tests.Specs;

/// <summary>Rows of specs for each generation: the unavailable ones are skipped with the reason, not left out.</summary>
internal static class Table
{
    public static TheoryData<Generation, string, string> Of(params (string, string)[] rows)
    {
        var data = new TheoryData<Generation, string, string>();
        foreach (Generation generation in Generations.All)
        {
            foreach ((string first, string second) in rows)
            {
                data.Add(generation, first, second);
            }
        }

        return data;
    }
}
